import { runService } from '@libs/chassis/run-service';
import { PaymentModule } from './payment.module';

void runService(PaymentModule);
