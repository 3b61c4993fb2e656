/** Reads source text the way the rules need it: without comments, without strings, and as a list of imports. No parser: a
 * small scanner that knows comments, strings, templates and regular expressions is enough, and is checked by its own tests. */

export interface ScannedSource {
  /** Comments blanked, strings kept. Lines stay where they are. */
  readonly code: string;
  /** Comments and the insides of strings blanked. */
  readonly bare: string;
}

/** Tried in this order at each place of the source. `opens` of a template tells whether an expression follows it. */
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const TEMPLATE_HEAD = /`(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|(?<opens>\$\{))/y;
const TEMPLATE_TAIL = /\}(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|(?<opens>\$\{))/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//y;

/** After one of these a slash opens a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|await))\s*$/;

/** How far back the scanner looks to tell a regular expression from a division. */
const LOOK_BACK = 40;

export function scan(source: string): ScannedSource {
  let code = '';
  let bare = '';
  // Open braces inside each `${}`, the innermost last: at zero a closing brace goes on with the template.
  const braces: number[] = [];
  while (code.length < source.length) {
    const at = code.length;
    const char = source.charAt(at);
    const open = braces.at(-1);
    const comment = matchAt({ pattern: COMMENT, source, at });
    const template = matchAt({ pattern: char === '}' && open === 0 ? TEMPLATE_TAIL : TEMPLATE_HEAD, source, at });
    const text =
      matchAt({ pattern: STRING, source, at }) ??
      (char === '/' && BEFORE_REGEX.test(bare.slice(-LOOK_BACK)) ? matchAt({ pattern: REGEX, source, at }) : undefined);
    if (comment !== undefined) {
      code += blank(comment[0]);
      bare += blank(comment[0]);
    } else if (template !== undefined) {
      if (char === '}') {
        braces.pop();
      }
      if (template.groups?.opens !== undefined) {
        braces.push(0);
      }
      code += template[0];
      bare += blank(template[0]);
    } else if (text !== undefined) {
      code += text[0];
      bare += `${char}${blank(text[0].slice(1, -1))}${char}`;
    } else {
      if (open !== undefined && (char === '{' || char === '}')) {
        braces[braces.length - 1] = char === '{' ? open + 1 : open - 1;
      }
      code += char;
      bare += char;
    }
  }
  return { code, bare };
}

function matchAt({ pattern, source, at }: { pattern: RegExp; source: string; at: number }): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Every module a source names: static, dynamic, re-exported, and those that only give types. */
export function importsOf(source: string): string[] {
  const { code, bare } = scan(source);
  const patterns = [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\n]+)['"]/g,
    /\bimport\s*['"]([^'"\n]+)['"]/g,
    /\b(?:import|require(?:\.resolve)?)\s*\(\s*['"]([^'"\n]+)['"]/g,
  ];
  const matches = patterns.flatMap((pattern) => [...code.matchAll(pattern)]);
  // Text inside a string is no import; there the bare source is blank.
  return [...new Set(matches.filter(({ index }) => bare.charAt(index) !== ' ').map((match) => match[1] ?? ''))];
}

/** The package of a module: `@skep/ports/conformance` -> `@skep/ports`; undefined for relative and built-in modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) {
    return undefined;
  }
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
