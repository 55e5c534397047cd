import { runService } from '@libs/chassis/run-service';
import { SearchModule } from './search.module';

void runService(SearchModule);
