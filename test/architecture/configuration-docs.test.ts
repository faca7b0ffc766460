import { expect, test } from 'vitest'
import { knownSettings } from '../../src/server/configuration/known-settings.ts'

const head = `# Configuration

Every setting can stand in a YAML file and in a variable; many have a flag (\`stillpoint serve --help\`). Later ones win:

1. \`config/config.yaml\`
2. \`config/$RUN_MODE.yaml\`, \`config/development.yaml\` if the variable RUN_MODE is not set
3. \`config/local.yaml\`
4. the file of \`--config-path\`; the others may be absent, this one must be there
5. \`QDRANT__SECTION__KEY\`: the path in capitals, with two underscores between its parts
6. \`STILLPOINT__SECTION__KEY\`: the same, for every setting
7. flags

\`\`\`yaml
service:
  http_port: 6333
  api_key: change-me
storage:
  storage_path: /var/lib/stillpoint
\`\`\`

\`QDRANT__SERVICE__HTTP_PORT=6333\` and \`STILLPOINT__SERVICE__HTTP_PORT=6333\` say the same as the third line. A value that
cannot be used ends the start with exit code 2 and the name of the setting. A \`STILLPOINT__…\` variable that is not in
these tables does, too, with the name of the nearest one. In files and \`QDRANT__…\` variables settings that are not known
are let pass, as Qdrant does, and named in the log.
`

const tail = `
## Keys and tokens

Without \`api_key\`, \`alt_api_key\` and \`read_only_api_key\` everybody who reaches the port may do everything. With one of
them every request must carry \`api-key: <key>\` or \`authorization: Bearer <key>\`; \`/\`, \`/healthz\`, \`/livez\` and \`/readyz\`
stay open. Who may do what is decided before the body of a request is read. With \`jwt_rbac\` a token may stand for a key:

| claim | meaning |
|---|---|
| \`exp\` | seconds since 1970 after which it is refused, with a minute of leeway |
| \`access\` | \`"r"\`: read everything; \`"m"\`: do everything (so does a token without this claim); or a list |
| \`access[].collection\` | a collection or an alias; each is a name of its own. \`<collection>@…\` goes with its collection |
| \`access[].access\` | \`"r"\`, \`"rw"\`, or \`"prw"\`: its points alone |
| \`value_exists\` | \`{"collection": …, "matches": [{"key": …, "value": …}]}\`: good while such a point exists |

A request that names further collections (\`lookup_from\`, \`with_lookup\`) needs to read them, too. Our own API below \`/v1\`
spans the database: it takes \`"r"\` for what reads and \`"m"\` for the rest, and no tokens for single collections.

Milvus' APIs (gRPC and \`/v2/vectordb\`) take the same keys, as they are or as \`root:<key>\`, and users with their passwords and
roles, but no JSON web tokens. Set \`milvus_authorization\` to have users without a key, and mind that Qdrant's API and \`/v1\`
are open then. The first thing to do is to change root's password:
\`POST /v2/vectordb/users/update_password {"userName": "root", "password": "Milvus", "newPassword": "…"}\`.
`

function table(title: string, settings: typeof knownSettings): string {
  const lines = settings.map(({ key, byDefault, effect }) => `| \`${key}\` | ${byDefault} | ${effect} |`)
  return [`\n## ${title}\n`, '| setting | default | here |', '|---|---|---|', ...lines, ''].join('\n')
}

test('docs/configuration.md tells of every setting (-u writes it)', async () => {
  const own = knownSettings.filter(({ isOurs }) => isOurs === true)
  const shared = knownSettings.filter(({ isOurs }) => isOurs !== true)
  const text = head + table('Settings of Qdrant', shared) + table('Settings of our own', own) + tail
  await expect(text).toMatchFileSnapshot('../../docs/configuration.md')
})

test('no setting stands there twice', () => {
  const keys = knownSettings.map(({ key }) => key)
  expect(keys.length).toBe(new Set(keys).size)
})
