import { Injectable } from '@nestjs/common';
import { Metrics } from '@libs/chassis/metrics';
import { MarketHub } from './market-hub';
import { Sockets } from './sockets';

/** Live updates in numbers. */
@Injectable()
export class SocketMetrics {
  constructor(sockets: Sockets, markets: MarketHub, metrics: Metrics) {
    metrics.gauge('ws_connections', 'Sockets that are open.', [], () => sockets.size);
    metrics.gauge('ws_subscriptions', 'What they watch, by kind of channel.', ['kind'], () => sockets.watched());
    metrics.total('ws_frames_sent_total', 'Frames that were sent, by kind.', ['kind'], () => sockets.tally.sent);
    metrics.total('ws_slow_resets_total', 'Sockets that were closed because their reader was too slow.', [], () => sockets.tally.slow);
    metrics.total('ws_resyncs_total', 'Books that were read anew for those who watch them: the stream began anew, the book was made anew elsewhere, or it could not be read before.', ['reason'], () => markets.resyncs);
  }
}
