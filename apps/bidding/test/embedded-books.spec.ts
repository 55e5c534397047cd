import { EmbeddedBooks } from '../src/adapters/embedded/embedded-books';
import { booksContract } from './books.contract';

booksContract('EmbeddedBooks', async () => {
  let inner = new EmbeddedBooks();
  // Forgetting is a new process.
  const books = new Proxy(inner, { get: (_, name) => Reflect.get(inner, name).bind(inner) as unknown });
  return { books, forget: async () => void (inner = new EmbeddedBooks()) };
});
