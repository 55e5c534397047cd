import { runService } from '@libs/chassis/run-service';
import { ProductModule } from './product.module';

void runService(ProductModule);
