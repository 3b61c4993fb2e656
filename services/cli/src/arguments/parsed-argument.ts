import { Argument } from 'commander';

/** An argument that is parsed at the edge, like an option. */
export function argument<Parsed>(name: string, description: string, parse: (text: string) => Parsed): Argument {
  return new Argument(name, description).argParser(parse);
}
