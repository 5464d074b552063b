/** Whether a Node is new enough for the libraries (package.json, engines). app/tidewatch.mjs asks the same before there is a build. */
export function isNodeEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
