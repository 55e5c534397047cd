import { runService } from '@libs/chassis/run-service';
import { NotificationModule } from './notification.module';

void runService(NotificationModule);
