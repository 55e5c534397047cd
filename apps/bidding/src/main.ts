import { runService } from '@libs/chassis/run-service';
import { BiddingModule } from './bidding.module';

void runService(BiddingModule);
