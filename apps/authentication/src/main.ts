import { runService } from '@libs/chassis/run-service';
import { AuthenticationModule } from './authentication.module';

void runService(AuthenticationModule);
