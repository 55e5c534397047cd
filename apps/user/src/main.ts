import { runService } from '@libs/chassis/run-service';
import { UserModule } from './user.module';

void runService(UserModule);
