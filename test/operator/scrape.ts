/** One series of what a service tells in Prometheus' text form. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;

export function seriesIn(text: string): Series[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || line.startsWith('#')) return [];
    return [{ name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text_]) => [key, text_])), value: Number(value) }];
  });
}

/** The same in OpenMetrics' form, in which an example may follow a value. */
export function openSeriesIn(text: string): Series[] {
  return seriesIn(text.replace(/ # \{.*$/gm, ''));
}

/** What every service of an exchange tells at this moment. */
export async function scrape(internal: Readonly<Record<string, string>>): Promise<Series[]> {
  const texts = await Promise.all(Object.values(internal).map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return texts.flatMap(seriesIn);
}
