import { edges, lifecycle, opening, type Status, statuses, strikes, timers } from './lifecycle';

/** The saga as a page for people: the same table, drawn. */
export function lifecyclePage(): string {
  return `# How an order lives

Generated from \`apps/order/src/domain/lifecycle.ts\` by \`npm run docs:lifecycle\`; a test compares the two. What is not drawn here cannot happen.

\`\`\`mermaid
stateDiagram-v2
  [*] --> ${opening.to}: match_created
${arrows().join('\n')}
${ends().join('\n')}
\`\`\`

| From | Event | By | To | Then |
| --- | --- | --- | --- | --- |
| – | match_created | ${opening.by.join(', ')} | ${opening.to} | ${opening.then.join(', ')} |
${rows().join('\n')}

Each event happens to an order at most once, and each effect is one row of \`saga_steps\`.
Deadlines: ${Object.entries(timers).map(([kind, { event }]) => `\`${kind}\` ${event ? `stands for ${event}` : 'is told to a person'}`).join(', ')}.
Strikes: ${Object.entries(strikes).map(([reason, { who }]) => `${reason} is the ${who}'s`).join(', ')}.
`;
}

function arrows(): string[] {
  return edges().map(([from, to]) => `  ${from} --> ${to}: ${eventsBetween(from, to).join('<br/>')}`);
}

function eventsBetween(from: Status, to: Status): string[] {
  return Object.entries(lifecycle[from]).filter(([, step]) => step.to === to).map(([event]) => event);
}

function ends(): string[] {
  return statuses.filter((status) => Object.values(lifecycle[status]).every(({ to }) => to === status)).map((status) => `  ${status} --> [*]`);
}

function rows(): string[] {
  return statuses.flatMap((from) =>
    Object.entries(lifecycle[from]).map(([event, { by, to, then, because, starts }]) => {
      const follows = [...then, ...(starts ? [`starts ${starts}`] : [])].join(', ') || '–';
      return `| ${from} | ${event} | ${by.join(', ')} | ${because ? `${to} (${because})` : to} | ${follows} |`;
    }),
  );
}
