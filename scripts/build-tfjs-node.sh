#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node into a folder of its own, for machines where its install script cannot fetch
# libtensorflow and the prebuilt addon: the library comes from Maven Central (tensorflow-core-api 0.5.0 carries
# TensorFlow 2.10.1), the C headers from the pip wheel of the same version, the addon is compiled here.
#
#   scripts/build-tfjs-node.sh [folder]      default: .tfjs in the repository
#   TIDEWATCH_TFJS=<folder> npx tidewatch train --config classifier/train/recipes/lora.json
#
# Needs: npm, mvn (and a JDK), python3 with pip, unzip or python3, make and a C++ compiler. Linux x86-64. Takes about a
# minute. Run it again freely: what is already there is kept, and a working build ends it at once.
# Rejected: a dependency in package.json, because its install script would then fail `npm ci` on such machines.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="${1:-$here/.tfjs}"
version=4.22.0
tensorflow=2.10.1
mkdir -p "$folder"
folder="$(cd "$folder" && pwd)"
package="$folder/node_modules/@tensorflow/tfjs-node"

works() {
  (cd "$folder" && TF_CPP_MIN_LOG_LEVEL=3 node -e '
    const tf = require("@tensorflow/tfjs-node");
    if (tf.add(1, 2).dataSync()[0] !== 3) process.exit(1);
  ') >/dev/null 2>&1
}

if works; then
  echo "tfjs-node already works in $folder"
  exit 0
fi
for tool in npm mvn python3 make c++; do
  command -v "$tool" >/dev/null || { echo "build-tfjs-node: $tool is not installed" >&2; exit 1; }
done

cd "$folder"
[ -f .gitignore ] || echo '*' > .gitignore # never committed, wherever the folder is
[ -f package.json ] || echo '{ "name": "tidewatch-tfjs", "private": true, "license": "Apache-2.0" }' > package.json
[ -f "$package/package.json" ] || npm install --ignore-scripts --no-audit --no-fund --save-exact "@tensorflow/tfjs-node@$version"

scratch="$folder/scratch"
mkdir -p "$scratch" "$package/deps/lib" "$package/deps/include"
if [ ! -f "$package/deps/lib/libtensorflow.so" ]; then
  mvn -B -q dependency:copy -Dartifact=org.tensorflow:tensorflow-core-api:0.5.0:jar:linux-x86_64 -DoutputDirectory="$scratch"
  python3 - "$scratch" "$package/deps/lib" <<'PYTHON'
import glob, os, shutil, sys, zipfile
scratch, target = sys.argv[1:]
with zipfile.ZipFile(glob.glob(os.path.join(scratch, 'tensorflow-core-api-*.jar'))[0]) as jar:
    for name in jar.namelist():
        base = os.path.basename(name)
        if base in ('libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'):
            with jar.open(name) as source, open(os.path.join(target, base), 'wb') as out:
                shutil.copyfileobj(source, out)
PYTHON
  ln -sf libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so.2"
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
fi
if [ ! -d "$package/deps/include/tensorflow/c" ]; then
  python3 -m pip download "tensorflow-cpu==$tensorflow" --no-deps --python-version 3.10 --only-binary=:all: \
    --quiet --dest "$scratch"
  python3 - "$scratch" "$package/deps/include" <<'PYTHON'
import glob, os, sys, zipfile
scratch, target = sys.argv[1:]
with zipfile.ZipFile(glob.glob(os.path.join(scratch, 'tensorflow_cpu-*.whl'))[0]) as wheel:
    for name in wheel.namelist():
        for part in ('tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/'):
            if name.startswith(part) and not name.endswith('/'):
                path = os.path.join(target, name[len('tensorflow/include/'):])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'wb') as out:
                    out.write(wheel.read(name))
PYTHON
fi

(cd "$package" && npx --yes node-pre-gyp install --build-from-source)
rm -rf "$scratch"
works || { echo "build-tfjs-node: built, but it does not load; try: cd $folder && node -e 'require(\"@tensorflow/tfjs-node\")'" >&2; exit 1; }
echo "tfjs-node works in $folder"
