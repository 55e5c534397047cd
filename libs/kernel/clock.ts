/** Business time: expiry, deadlines, schedules. In the sandbox it can be moved ahead, never back. */
export abstract class Clock {
  abstract now(): Date;
}

/** The machine's own time: token lifetimes, back-off, rate limits, signatures. Nothing but the machine moves it. */
export abstract class WallClock {
  abstract now(): Date;
}
