import { ModulesContainer } from '@nestjs/core';
import { events, type EventName, type EventOf, type Topic } from '@libs/contracts/events';
import type { Transaction } from '@libs/postgres/transaction';
import { handledEvent, type Delivery } from './on-event';

export type EventHandler = (tx: Transaction, event: EventOf<EventName>, delivery: Delivery) => Promise<void>;
export type EventHandlers = ReadonlyMap<EventName, readonly EventHandler[]>;

/** A Nest application, as far as its providers can be found through it. */
interface Container {
  get(token: typeof ModulesContainer, options: { strict: boolean }): ModulesContainer;
}

/** The `@OnEvent` methods of all providers of an application. */
export function eventHandlers(app: Container): EventHandlers {
  const instances = new Set<object>();
  for (const module of app.get(ModulesContainer, { strict: false }).values()) {
    for (const { instance } of module.providers.values()) if (typeof instance === 'object' && instance !== null) instances.add(instance);
  }
  return handlersOf(instances);
}

/** The `@OnEvent` methods of these objects. */
export function handlersOf(instances: Iterable<object>): EventHandlers {
  const found = new Map<EventName, EventHandler[]>();
  for (const instance of instances) {
    for (const [name, handler] of methodsOf(instance)) found.set(name, [...(found.get(name) ?? []), handler]);
  }
  return found;
}

export function topicsOf(handlers: EventHandlers): Topic[] {
  return [...new Set([...handlers.keys()].map((name) => events[name].topic))];
}

function methodsOf(instance: object): [EventName, EventHandler][] {
  const methods = new Map<string, [EventName, EventHandler]>();
  for (let type = Object.getPrototypeOf(instance); type && type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const key of Object.getOwnPropertyNames(type)) {
      const method = Object.getOwnPropertyDescriptor(type, key)?.value;
      const name = typeof method === 'function' ? handledEvent(method) : undefined;
      // `OnEvent` has checked the method's type against the event that it names.
      if (name && !methods.has(key)) methods.set(key, [name, (tx, event, delivery) => method.call(instance, tx, event, delivery) as Promise<void>]);
    }
  }
  return [...methods.values()];
}
