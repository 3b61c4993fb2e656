/**
 * A/B with early stopping: two greetings of a shop are tried on its customers, until it is clear enough which one sells more.
 *
 * Each greeting is a branch of the shop's state. A branch stands for "this one is the better one: it sells to 3 of 10, the other to 1 of 10",
 * so every customer is evidence that moves the weights. At 99 % the trial stops, long before its 500 customers are over, and the more likely
 * branch becomes the state of the shop. Branches and weights lie in the log of the agent: kill this program and start it again, and it goes on.
 */
import { defineAgent, isSkepError, openSkep } from '@skep/sdk';

const BETTER = 0.3;
const WORSE = 0.1;
const SURE = 0.99;
const CUSTOMERS = 500;

const Shop = defineAgent({
  kind: 'shop',
  initial: { greeting: 'Hello.', customers: 0 },
  handlers: {
    open(state) {
      state.customers = 0;
    },
  },
});

const VARIANTS = ['plain', 'warm'] as const;
type Variant = (typeof VARIANTS)[number];
const GREETINGS = { plain: 'What do you want?', warm: 'Good to see you! The heather honey came in today.' };

/** What the customers do; the program does not know it. */
function buys(variant: Variant, customer: number): boolean {
  const chance = ((Math.imul(customer + 1, 2_654_435_761) >>> 0) ^ (Math.imul(customer + 7, 40_503) >>> 3)) / 2 ** 32;
  return chance < (variant === 'warm' ? 0.28 : 0.12);
}

/** How likely that is for a branch that says that its variant is the better one. */
function likelihood(branch: Variant, variant: Variant, bought: boolean): number {
  const rate = branch === variant ? BETTER : WORSE;
  return bought ? rate : 1 - rate;
}

export async function main(dir: string, print: (line: string) => void, customersToday = CUSTOMERS): Promise<void> {
  await using skep = await openSkep({ dir, kinds: [Shop] });
  const shop = skep.agent(Shop, 'corner');
  const trial = shop.superposition('greeting');
  let info = await trial.show().catch(async (error) => {
    if (!isSkepError(error, 'unknown-agent') && !isSkepError(error, 'unknown-superposition')) throw error;
    await skep.client.create(shop.id);
    const state = (variant: Variant) => ({ state: { greeting: GREETINGS[variant], customers: 0 } });
    return trial.create({ plain: state('plain'), warm: state('warm') });
  });
  const seen = () => Math.max(0, ...info.branches.flatMap(({ evidence }) => evidence.map(({ label }) => Number(label.split(' ')[1]))));
  const last = Math.min(CUSTOMERS, seen() + customersToday);
  for (let customer = seen() + 1; customer <= last && info.status === 'open'; customer += 1) {
    const variant = VARIANTS[customer % 2] as Variant;
    const bought = buys(variant, customer);
    const likelihoods = Object.fromEntries(VARIANTS.map((branch) => [branch, likelihood(branch, variant, bought)]));
    info = await trial.evidence(likelihoods, `customer ${customer} ${bought ? 'bought' : 'left'}`);
    const [likely] = [...info.branches].sort((one, other) => other.weight - one.weight);
    if (customer % 20 === 0) print(info.branches.map(({ name, weight }) => `${name} ${(weight * 100).toFixed(1)} %`).join(', '));
    if (likely === undefined || likely.weight < SURE) continue;
    const { value, version } = await trial.collapse('weight');
    print(`sure after ${customer} of ${CUSTOMERS} customers; version ${version} says: ${value.greeting}`);
    return;
  }
  print(info.status === 'open' ? `not sure yet after ${seen()} customers` : `decided: ${info.collapse?.branch}`);
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '.skep', console.log);
