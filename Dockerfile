# Two stages: the first builds and keeps production packages only, the second runs them as a user without rights.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /opt/tidewatch
COPY --from=build --chown=node:node /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
COPY --from=build /src/classifier/models ./classifier/models
COPY --from=build /src/ingest/watchlist ./ingest/watchlist
COPY --from=build /src/examples ./examples
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 8080
ENTRYPOINT ["node", "/opt/tidewatch/dist/app/cli.js"]
CMD ["up", "--data", "/data"]
