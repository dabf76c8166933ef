"""Uploads a file by tuspy. Arguments: url of the blobs, device token, file, its SHA-256 in hexadecimal."""

import sys

from tusclient.client import TusClient

url, token, path, sha256 = sys.argv[1:]
client = TusClient(url, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(path, chunk_size=1024 * 1024, metadata={"sha256": sha256}, retries=3, retry_delay=0)
uploader.upload()
print(uploader.url)
