// In short; ../long/outage.test.ts is the long form.
import { tellOutage } from './outage.ts';

tellOutage(25_000);
