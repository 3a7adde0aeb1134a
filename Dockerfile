# Two stages: compile with everything, run with the little that is needed.
# scripts/replay-dockerfile.mjs runs these steps without an engine; keep to FROM, WORKDIR, ENV, COPY, RUN, USER, EXPOSE, HEALTHCHECK, CMD.

FROM node:24-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-progress && npm rebuild better-sqlite3
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run --silent build && npm prune --omit=dev --ignore-scripts --no-progress

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production POINTSMAN_HOST=0.0.0.0
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY data ./data
COPY migrations ./migrations
RUN mkdir -p /data && chown node:node /data
USER node
EXPOSE 4040
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD node -e "fetch('http://127.0.0.1:4040/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "--max-semi-space-size=4", "bin/pointsman", "serve", "--config", "/etc/pointsman/pointsman.yaml", "--storage", "/data/pointsman.db"]
