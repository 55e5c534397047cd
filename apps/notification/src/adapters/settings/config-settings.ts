import { Injectable } from '@nestjs/common';
import { Settings } from '../../application/ports';
import { NotificationConfig } from '../../notification.config';

@Injectable()
export class ConfigSettings extends Settings {
  readonly publicUrl: string;
  readonly atOnce: number;
  readonly backoffMs: number;
  readonly unknownMs: number;

  constructor({ values }: NotificationConfig) {
    super();
    this.publicUrl = values.PUBLIC_URL.replace(/\/$/, '');
    this.atOnce = values.NOTIFICATION_AT_ONCE;
    this.backoffMs = values.NOTIFICATION_BACKOFF_MS;
    this.unknownMs = values.NOTIFICATION_UNKNOWN_MS;
  }
}
