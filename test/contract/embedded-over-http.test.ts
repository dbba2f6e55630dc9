import { describeEmbeddedApi } from './describe-kube-api.ts';
import { startEmbeddedServer } from './embedded-server.ts';

describeEmbeddedApi('embedded API over loopback HTTPS', true, startEmbeddedServer);
