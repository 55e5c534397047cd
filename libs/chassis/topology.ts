/** How the exchange that this service is part of is laid out. */
export class Topology {
  /** All services live in this one process, so what is kept in its memory is known to all of them. */
  constructor(readonly isOneProcess: boolean) {}
}
