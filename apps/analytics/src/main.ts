import { runService } from '@libs/chassis/run-service';
import { AnalyticsModule } from './analytics.module';

void runService(AnalyticsModule);
