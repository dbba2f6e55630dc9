// The API server of a real Kubernetes away for so long that Leases, watches and the node's heartbeat have all run out.
import { tellOutage } from '../kubernetes/outage.ts';

tellOutage(180_000);
