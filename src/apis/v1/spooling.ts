// Schema of spec.spooling: results in segments, through an object store. What Trino calls the spooling protocol (466 and later).
import { z } from 'zod';
import { matches, withRules } from './cel-rules.ts';
import { goDuration, propertyValue, secretKeySelector, stringMap } from './fields.ts';
import { coordinatorModes, retrievalModes, spoolingBounds, spoolingForms, spoolingWords } from './spooling.rules.ts';

const modesOfCoordinator = `[${coordinatorModes.map((mode) => `'${mode}'`).join(', ')}]`;

export const spooling = withRules(
  z.object({
    location: withRules(z.string().max(1024), matches(spoolingForms.location, spoolingWords.location)).describe(
      'Where segments are kept (fs.location), such as s3://trino-spool/sales/. Its scheme says which store it is: s3, gs, abfs or abfss. Each runtime needs a place of its own.',
    ),
    retrievalMode: z
      .enum(retrievalModes)
      .default('STORAGE')
      .describe(
        'How clients get at segments. STORAGE: from the store itself by signed addresses, which they must be able to reach. COORDINATOR_STORAGE_REDIRECT: the coordinator sends them there. COORDINATOR_PROXY: through gateway and coordinator. Default: STORAGE.',
      ),
    segmentTtl: goDuration(spoolingBounds)
      .describe(
        'How long a segment that no client has fetched is kept (fs.segment.ttl), such as 1h. With the two modes of the coordinator it must be given, and the runtime does not go to sleep for idleness earlier than this after its last query: asleep it could serve nobody. Default: what Trino has, 12h.',
      )
      .optional(),
    properties: withRules(stringMap(64, propertyValue), {
      rule: `self.all(name, name.matches('${spoolingForms.property}') && !(name in ['fs.location', 'fs.segment.ttl']))`,
      message: spoolingWords.property,
    })
      .describe(
        'Further properties of spooling-manager.properties as Trino documents them, such as s3.region, s3.endpoint, fs.segment.encryption.',
      )
      .optional(),
    propertySecretRefs: withRules(z.record(z.string(), secretKeySelector).meta({ maxProperties: 64 }), {
      rule: `self.all(name, name.matches('${spoolingForms.property}'))`,
      message: spoolingWords.property,
    })
      .describe(
        'Properties whose value comes from a Secret of the namespace, such as s3.aws-access-key and s3.aws-secret-key. The value reaches Trino as an environment variable and stands in no ConfigMap.',
      )
      .optional(),
  }),
  {
    rule: `!(self.retrievalMode in ${modesOfCoordinator}) || has(self.segmentTtl)`,
    message: spoolingWords.needsTtl,
  },
  {
    rule: '!has(self.properties) || !has(self.propertySecretRefs) || !self.properties.exists(name, name in self.propertySecretRefs)',
    message: 'a property is in properties and in propertySecretRefs: keep one of them',
  },
);
