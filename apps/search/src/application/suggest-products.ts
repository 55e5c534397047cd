import { Injectable } from '@nestjs/common';
import type { ProductDocument } from '../domain/document';
import { AskIndex } from './ask-index';
import { type Count, Documents, type SuggestQuery } from './ports';

export interface Suggested {
  readonly styles: readonly ProductDocument[];
  readonly brands: readonly Count[];
  readonly products: readonly ProductDocument[];
  readonly isDegraded: boolean;
}

@Injectable()
export class SuggestProducts {
  constructor(
    private readonly asking: AskIndex,
    private readonly documents: Documents,
  ) {}

  async execute(query: SuggestQuery): Promise<Suggested> {
    const { answer, isDegraded } = await this.asking.ask((index) => index.suggest(query));
    const found = new Map((await this.documents.now([...new Set([...answer.styles, ...answer.products])])).map((document) => [document.id, document]));
    const shown = (ids: readonly string[]) => ids.map((id) => found.get(id)).filter((document) => document !== undefined);
    return { styles: shown(answer.styles), brands: answer.brands, products: shown(answer.products), isDegraded };
  }
}
