# The image of a node; compose.yaml shows several of them together. No secret goes in: keys are made in /data, or come from
# variables when it is run.

FROM node:24-slim AS built
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps/castellan/package.json apps/castellan/
COPY packages/contracts/package.json packages/contracts/
COPY packages/sdk/package.json packages/sdk/
RUN npm ci --no-progress
COPY tsconfig.json ./
COPY scripts scripts
COPY packages packages
COPY apps/castellan apps/castellan
RUN npm run build

FROM node:24-slim
# glibc keeps heaps for many threads and gives little of them back.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps/castellan/package.json apps/castellan/
COPY packages/contracts/package.json packages/contracts/
COPY packages/sdk/package.json packages/sdk/
RUN npm ci --omit=dev --omit=optional --no-progress && npm cache clean --force
COPY --from=built /app/scripts/build.ts scripts/
COPY --from=built /app/packages packages
COPY --from=built /app/apps/castellan apps/castellan
# Keys and, without a database, the store. Whoever mounts a volume here finds it owned as it is here.
RUN mkdir /data && chown node:node /data
USER node
ENV CASTELLAN_DATA=/data
EXPOSE 7400
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7400/ready').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# By the program itself and not by a shell, so that a signal to stop reaches it.
ENTRYPOINT ["node", "--max-semi-space-size=4", "apps/castellan/bin/castellan.js"]
CMD ["up"]
