import type { estypes } from '@elastic/elasticsearch';
import { synonyms } from '../../domain/synonyms';

/** Letters and digits make words, without case and accents; questions stand for their synonyms besides, from the one list that both forms have. */
const analysis: estypes.IndicesIndexSettingsAnalysis = {
  filter: {
    known_synonyms: { type: 'synonym_graph', synonyms: [...synonyms].map(([word, phrases]) => `${word} => ${[word, ...phrases].join(', ')}`) },
    beginnings: { type: 'edge_ngram', min_gram: 1, max_gram: 20, preserve_original: true },
  },
  tokenizer: { letters_and_digits: { type: 'pattern', pattern: '[^\\p{L}\\p{N}]+' } },
  analyzer: {
    words: { type: 'custom', tokenizer: 'letters_and_digits', filter: ['lowercase', 'asciifolding'] },
    asked: { type: 'custom', tokenizer: 'letters_and_digits', filter: ['lowercase', 'asciifolding', 'known_synonyms'] },
    begun: { type: 'custom', tokenizer: 'letters_and_digits', filter: ['lowercase', 'asciifolding', 'beginnings'] },
  },
};

const words: estypes.MappingProperty = { type: 'text', analyzer: 'words', search_analyzer: 'asked', fields: { begun: { type: 'text', analyzer: 'begun', search_analyzer: 'words' } } };

export const settings: estypes.IndicesIndexSettings = { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '200ms', analysis };

/** The seed's mapping, and what the rest needs. Prices are whole minor units, but the seed's two, which are in whole units of the currency for whoever looks into the index. */
export const mappings: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    id: { type: 'keyword' },
    listed: { type: 'boolean' },
    brand: { type: 'keyword', copy_to: 'brand_words' },
    brand_words: words,
    brand_key: { type: 'keyword' },
    model: words,
    colorway: words,
    style_id: words,
    style_key: { type: 'keyword' },
    category: { type: 'keyword', copy_to: 'category_words' },
    category_words: words,
    description: { type: 'text', analyzer: 'words', search_analyzer: 'asked' },
    retail_price: { type: 'float' },
    current_price: { type: 'float' },
    sizes: { type: 'keyword' },
    release_date: { type: 'date', format: 'yyyy-MM-dd' },
    created_at: { type: 'date' },
    last_sold_at: { type: 'date' },
    lowest_ask: { type: 'long' },
    sales: { type: 'long' },
    variants: { type: 'nested', properties: { size: { type: 'keyword' }, lowest_ask: { type: 'long' } } },
    // Its usual analyzer drops digits: Aurora 1 would be Aurora 2.
    suggest: { type: 'completion', analyzer: 'words', max_input_length: 200, contexts: [{ name: 'brand', type: 'category' }] },
  },
};
