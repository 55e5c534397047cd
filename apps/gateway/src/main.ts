import { runService } from '@libs/chassis/run-service';
import { GatewayModule } from './gateway.module';

void runService(GatewayModule);
