/** The oldest Node that runs Skep, as in `engines` of package.json. */
const OLDEST = { major: 20, minor: 19 };

/**
 * Says what is wrong with a version of Node, or undefined when it will do.
 * @param {string} version as in `process.versions.node`
 * @returns {string | undefined}
 */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) {
    return undefined;
  }
  return [
    `Skep needs Node.js ${OLDEST.major}.${OLDEST.minor} or newer; this is ${version}.`,
    '  Debian, Ubuntu:  sudo apt-get install nodejs npm   (when that is older: install the current LTS from nodejs.org)',
    '  macOS:           brew install node',
    '  Windows:         winget install OpenJS.NodeJS.LTS   or   choco install nodejs-lts',
  ].join('\n');
}
