import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { savedNotFound, tooManySaved } from '../domain/errors';
import { type SavedSearch, SavedSearches } from './ports';

const SAVED_MAX = 50;

/** A user's own searches: nobody else sees them. */
@Injectable()
export class KeepSearches {
  constructor(
    private readonly saved: SavedSearches,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  of(userId: string): Promise<readonly SavedSearch[]> {
    return this.saved.of(userId);
  }

  async add(userId: string, search: Omit<SavedSearch, 'id' | 'createdAt'>): Promise<SavedSearch> {
    const kept = { ...search, id: this.ids.next('sav'), createdAt: this.clock.now() };
    if (!(await this.saved.add(userId, kept, SAVED_MAX))) throw tooManySaved(SAVED_MAX);
    return kept;
  }

  async remove(userId: string, id: string): Promise<void> {
    if (!(await this.saved.remove(userId, id))) throw savedNotFound(id);
  }
}
