import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';
import { learnerActions, type LearnerWord, type Standing } from '../learning/governed.ts';
import { wrong } from '../wire/messages.ts';
import { letIn } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { receiveBody } from './received-body.ts';

export interface LearnersEndpoint {
  /** By name. */
  readonly standings: () => ReadonlyMap<string, Standing>;
  /** Resolves when the word is committed. Rejects with `storage_unavailable`. */
  readonly act: (name: string, word: LearnerWord) => Promise<void>;
  /** `auth: none` is written out: whoever reaches the gateway would be its administrator. */
  readonly everybody: boolean;
}

/**
 * `GET /admin/learners`, and `POST /admin/learners/NAME/freeze|resume|snapshot|reset`, the last with `{"to": SEQ}`, 0 being the
 * start; without it the newest kept snapshot. For keys with the scope `admin`.
 */
export function learnersEndpoint(app: FastifyInstance, gateway: Gateway, endpoint: LearnersEndpoint): void {
  const { standings, act, everybody } = endpoint;
  const refuseEverybody = (): void => {
    if (!everybody) return;
    throw new PointsmanError('permission_denied', 'With "auth: none" nobody is an administrator. Configure keys.');
  };
  const shown = (name: string, { snapshots, last, ...rest }: Standing) => ({
    name,
    frozen: rest.frozenBy.length > 0,
    ...rest,
    snapshots: snapshots.map((each) => ({ ...each, at: dateOf(each.at) })),
    last: last === null ? null : { ...last, at: dateOf(last.at) },
  });

  app.get('/admin/learners', { onRequest: letIn(gateway, 'admin') }, (request, reply) => {
    refuseEverybody();
    const learners = [...standings()].map(([name, standing]) => shown(name, standing));
    return reply.header('x-request-id', request.id).send({ learners });
  });
  app.post('/admin/learners/*', { onRequest: letIn(gateway, 'admin') }, async (request, reply) => {
    refuseEverybody();
    // Names hold a slash.
    const path: unknown = Reflect.get(Object(request.params), '*');
    const [, name = '', asked = ''] = /^(.*)\/([^/]*)$/.exec(typeof path === 'string' ? path : '') ?? [];
    const standing = standings().get(name);
    if (standing === undefined) {
      const known = [...standings().keys()].join(', ') || 'nothing learns';
      throw new PointsmanError('not_found', `No learner "${name.slice(0, 64)}" (${known}).`);
    }
    const action = learnerActions.find((each) => each === asked);
    if (action === undefined) throw wrong('action', learnerActions.join(', '), asked);
    // A POST without a body has nothing to add.
    const parsed = request.body === undefined || request.body === null ? {} : receiveBody(request.body).parsed;
    await act(name, { action, by: 'admin', to: action === 'reset' ? targetOf(parsed['to'], standing) : 0 });
    const after = standings().get(name) ?? standing;
    return reply.header('x-request-id', request.id).send(shown(name, after));
  });
}

const dateOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

function targetOf(to: unknown, { snapshots }: Standing): number {
  if (to === undefined || to === null) return snapshots.at(-1)?.seq ?? 0;
  const seqs = [0, ...snapshots.map(({ seq }) => seq)];
  const found = seqs.find((seq) => seq === to);
  if (found === undefined) throw wrong('to', `one of ${seqs.join(', ')} (0: the start)`, to);
  return found;
}
