import { create, type DescMethod, type DescService } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { currentTraceparent, newTraceparent } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import type { ServiceName } from '@libs/contracts/events';
import { Observable } from 'rxjs';
import { type OutgoingCall, Rpc, type RpcClient } from '../rpc';
import { type Callees, DEADLINE_MS, isRepeatable } from './callee';
import { headersOf } from './caller';
import { encode, methodDefinition, type Received, STREAM_BYTES_MAX, UNARY_BYTES_MAX } from './codec';
import { messagesOf, writeTo } from './grpc-streams';
import { ownerOf } from './owners';
import { errorOfStatus } from './refusal';
import { answersStream, routeName, takesStream } from './routes';
import type { ServiceTokens } from './service-token';

const channelOptions = {
  'grpc.max_receive_message_length': STREAM_BYTES_MAX,
  'grpc.max_send_message_length': STREAM_BYTES_MAX,
  // A neighbour that was restarted is found again within a third of a second.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 250,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.enable_retries': 0,
  // Our own services are never behind the machine's web proxy.
  'grpc.enable_http_proxy': 0,
};

const asTheyAre = (bytes: Buffer): Buffer => bytes;

type Addresses = Readonly<Record<ServiceName, string>>;
type Definition = ReturnType<typeof methodDefinition>;

interface Sending {
  readonly owner: ServiceName;
  readonly call: OutgoingCall;
  readonly deadline: number;
}

/** The other services, over the network. */
export class GrpcRpc extends Rpc {
  private readonly channels = new Map<ServiceName, Client>();

  constructor(
    private readonly addresses: Addresses,
    private readonly tokens: ServiceTokens,
    private readonly callees: Callees,
  ) {
    super();
  }

  client<S extends DescService>(service: S, at?: ServiceName): RpcClient<S> {
    const owner = ownerOf(service, at);
    const calls = service.methods.map((method) => [method.localName, answersStream(method) ? this.streamCall(owner, service, method) : this.unaryCall(owner, service, method)]);
    return Object.fromEntries(calls) as RpcClient<S>;
  }

  close(): void {
    for (const channel of this.channels.values()) channel.close();
  }

  private unaryCall(owner: ServiceName, service: DescService, method: DescMethod) {
    const definition = methodDefinition({ service, method });
    const asked = { rpc: routeName(service, method), isRepeatable: isRepeatable(method) };
    const callee = this.callees.of(owner);
    return async (input: object, call: OutgoingCall = {}): Promise<object> => {
      const bytes = encode(method.input, input);
      if (bytes.length > UNARY_BYTES_MAX) throw new AppError('invalid', 'rpc.message_too_large', `A message of this call has at most ${UNARY_BYTES_MAX} bytes.`);
      return callee.ask(asked, call.deadlineMs ?? DEADLINE_MS, (deadline) => this.send(definition, asked.rpc, bytes, { owner, call, deadline }));
    };
  }

  private send(definition: Definition, rpc: string, bytes: Buffer, { owner, call, deadline }: Sending): Promise<object> {
    return new Promise((resolve, reject) => {
      const settle = (error: ServiceError | null, answer?: Received) => {
        if (error) reject(errorOfStatus(error, rpc));
        else if (!answer || answer instanceof AppError) reject(answer ?? new Error(`${rpc} answered nothing`));
        else resolve(answer);
      };
      this.channel(owner).makeUnaryRequest(definition.path, asTheyAre, definition.responseDeserialize, bytes, this.metadata(owner, call), { deadline }, settle);
    });
  }

  private streamCall(owner: ServiceName, service: DescService, method: DescMethod) {
    const definition = methodDefinition({ service, method });
    return (input: object | Observable<object>, call: OutgoingCall = {}) =>
      new Observable<object>((subscriber) => {
        const options = call.deadlineMs === undefined ? {} : { deadline: Date.now() + call.deadlineMs };
        const metadata = this.metadata(owner, call);
        const opened = takesStream(method) ? this.duplex(definition, owner, metadata, options) : this.reading(definition, owner, metadata, { ...options, message: create(method.input, input as never) });
        const reading = messagesOf(opened, (error) => errorOfStatus(error, routeName(service, method))).subscribe(subscriber);
        if (takesStream(method)) reading.add(this.pass(opened as ReturnType<GrpcRpc['duplex']>, input as Observable<object>));
        return () => {
          // A call that is cancelled reports so as an error, when nobody listens any more.
          opened.on('error', () => undefined);
          reading.unsubscribe();
          opened.cancel();
        };
      });
  }

  private pass(call: ReturnType<GrpcRpc['duplex']>, requests: Observable<object>) {
    return writeTo(call, requests, { complete: () => call.end(), error: () => call.cancel() });
  }

  private duplex({ path, requestSerialize, responseDeserialize }: Definition, owner: ServiceName, metadata: Metadata, options: { deadline?: number }) {
    return this.channel(owner).makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, options);
  }

  private reading({ path, requestSerialize, responseDeserialize }: Definition, owner: ServiceName, metadata: Metadata, { message, ...options }: { message: object; deadline?: number }) {
    return this.channel(owner).makeServerStreamRequest(path, requestSerialize, responseDeserialize, message, metadata, options);
  }

  private metadata(owner: ServiceName, { user }: OutgoingCall): Metadata {
    const metadata = new Metadata();
    metadata.set('service-token', this.tokens.for(owner));
    for (const [name, value] of Object.entries(headersOf(user, currentTraceparent() ?? newTraceparent()))) metadata.set(name, String(value));
    return metadata;
  }

  private channel(owner: ServiceName): Client {
    let channel = this.channels.get(owner);
    if (!channel) {
      channel = new Client(this.addresses[owner], credentials.createInsecure(), channelOptions);
      this.channels.set(owner, channel);
    }
    return channel;
  }
}
