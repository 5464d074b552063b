# Three stages: the first builds, the second has the packages of production only, the third is what runs, as a user without
# rights. BASE may be any image with Node 20.19, 22 or 24 (and glibc: chdb and ONNX Runtime have no musl builds).
#   docker build -t tidewatch .
#   docker build -t tidewatch:single --build-arg EMBEDDED=yes .   (one container for everything: deploy/single.yaml)
#   docker build -t tidewatch:gpu --target gpu .   (an NVIDIA card: CUDA 12 and cuDNN 9)
ARG BASE=node:22.21.1-bookworm-slim
ARG CUDA_BASE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${BASE} AS packages
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Production packages without what other platforms need. The engine of the embedded store is four fifths of them and of no use
# beside a ClickHouse server; --build-arg EMBEDDED=yes keeps it.
ARG EMBEDDED=no
RUN npm ci --omit=dev --omit=peer --no-audit --no-fund \
 && rm -rf node_modules/onnxruntime-node/bin/napi-v*/darwin node_modules/onnxruntime-node/bin/napi-v*/win32 \
 && if [ "$EMBEDDED" != yes ]; then rm -rf node_modules/chdb node_modules/@chdb; fi \
 && find node_modules \( -name '*.map' -o -name '*.md' -o -name '*.ts' \) -type f -delete

FROM ${BASE} AS runtime
ENV NODE_ENV=production
WORKDIR /opt/tidewatch
COPY --from=packages /src/node_modules ./node_modules
COPY --from=build /src/package.json ./
COPY --from=build /src/dist ./dist
COPY --from=build /src/classifier/models ./classifier/models
COPY --from=build /src/classifier/evaluation/robustness.jsonl ./classifier/evaluation/robustness.jsonl
COPY --from=build /src/ingest/watchlist ./ingest/watchlist
COPY --from=build /src/examples ./examples
COPY --from=build /src/deploy ./deploy
COPY --from=build /src/dashboards/grafana/provisioning/clickhouse ./dashboards/grafana/provisioning/clickhouse
# New volumes take the owner of the folder that they are mounted on.
RUN mkdir -p /data /secrets/all /secrets/tidewatch /secrets/clickhouse /secrets/grafana /secrets/prometheus \
 && chown -R 1000:1000 /data /secrets
USER 1000:1000
VOLUME /data
EXPOSE 8080 9464
ENTRYPOINT ["node", "/opt/tidewatch/dist/app/cli.js"]
# What to run is said by compose, a manifest or docs/deployment.md: no settings would be right for both kinds of image.
CMD ["--help"]

# The same on CUDA: Node and the program from above, ONNX Runtime's CUDA library fetched by its own install step.
FROM ${BASE} AS gpu-packages
WORKDIR /src
COPY --from=packages /src ./
RUN rm -f .npmrc && ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node

FROM ${CUDA_BASE} AS gpu
ENV NODE_ENV=production TIDEWATCH_PROVIDER=cuda
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=runtime /opt/tidewatch /opt/tidewatch
COPY --from=gpu-packages /src/node_modules/onnxruntime-node /opt/tidewatch/node_modules/onnxruntime-node
WORKDIR /opt/tidewatch
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
VOLUME /data
ENTRYPOINT ["node", "/opt/tidewatch/dist/app/cli.js"]
CMD ["--help"]

# The default target is the plain one.
FROM runtime
