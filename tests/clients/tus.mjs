// Uploads a file by tus-js-client. Arguments: url of the blobs, device token, file, its SHA-256 in hexadecimal.

import { createReadStream, statSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Upload } = createRequire(new URL('../../ui/package.json', import.meta.url))('tus-js-client');

const [endpoint, token, path, sha256] = process.argv.slice(2);
const upload = new Upload(createReadStream(path), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256 },
  uploadSize: statSync(path).size,
  retryDelays: [0, 0, 0],
  onError: (error) => {
    console.error(error.message);
    process.exit(1);
  },
  onSuccess: () => console.log(upload.url),
});
upload.start();
