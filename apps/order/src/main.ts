import { runService } from '@libs/chassis/run-service';
import { OrderModule } from './order.module';

void runService(OrderModule);
