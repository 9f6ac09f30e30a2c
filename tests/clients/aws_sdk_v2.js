// What programs on the AWS SDK v2 for JavaScript do (CloudServer's own tests and Backbeat are such programs):
//   npm install aws-sdk@2
//   AWS_ACCESS_KEY_ID=accessKey1 AWS_SECRET_ACCESS_KEY=verySecretKey1 node tests/clients/aws_sdk_v2.js http://127.0.0.1:8000
// SIZE_MIB is how big the big object is (20 by default). Ends with "done" and nothing left behind.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const http = require('http');
const AWS = require('aws-sdk');

const endpoint = process.argv[2];
assert(endpoint, 'usage: aws_sdk_v2.js ENDPOINT');
const options = {
    endpoint,
    s3ForcePathStyle: true,
    region: 'us-east-1',
    maxRetries: 0,
    httpOptions: { connectTimeout: 10000, timeout: 60000 },
};

function get(url) {
    return new Promise((resolve, reject) => {
        http.get(url, response => {
            const pieces = [];
            response.on('data', piece => pieces.push(piece));
            response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(pieces) }));
        }).on('error', reject);
    });
}

async function code(promise) {
    try {
        await promise;
    } catch (error) {
        return error.code;
    }
    return null;
}

async function run(signatureVersion) {
    const s3 = new AWS.S3({ ...options, signatureVersion });
    const Bucket = `aws-sdk-${signatureVersion}-${process.pid}`;
    const call = (name, parameters) => s3[name]({ Bucket, ...parameters }).promise();

    await call('createBucket');
    assert((await s3.listBuckets().promise()).Buckets.some(bucket => bucket.Name === Bucket));
    await call('headBucket');
    assert.strictEqual(await code(s3.headBucket({ Bucket: `${Bucket}-none` }).promise()), 'NotFound');

    // objects
    const Key = 'folder/a key+ä&?.txt';
    const put = await call('putObject', {
        Key, Body: 'one', ContentType: 'text/x-one', Metadata: { color: 'blue' }, Tagging: 'a=1&b=2',
    });
    assert.strictEqual(put.ETag, '"f97c5d29941bfb1b2fdab0874906ab82"');
    const got = await call('getObject', { Key });
    assert.strictEqual(got.Body.toString(), 'one');
    assert.deepStrictEqual([got.ContentType, got.Metadata, got.TagCount], ['text/x-one', { color: 'blue' }, 2]);
    assert.strictEqual((await call('getObject', { Key, Range: 'bytes=1-' })).Body.toString(), 'ne');
    assert.strictEqual(await code(call('getObject', { Key, IfNoneMatch: put.ETag })), 'NotModified');
    assert.strictEqual(await code(call('getObject', { Key: 'none' })), 'NoSuchKey');
    assert.strictEqual(await code(call('headObject', { Key: 'none' })), 'NotFound');
    await call('putObject', { Key: 'empty', Body: '' });
    assert.strictEqual((await call('headObject', { Key: 'empty' })).ContentLength, 0);
    await call('copyObject', { Key: 'copy', CopySource: encodeURIComponent(`${Bucket}/${Key}`) });
    assert.strictEqual((await call('getObjectTagging', { Key: 'copy' })).TagSet.length, 2);
    await call('putObjectAcl', { Key: 'copy', ACL: 'public-read' });
    assert.strictEqual((await call('getObjectAcl', { Key: 'copy' })).Grants.length, 2);
    const signed = await get(s3.getSignedUrl('getObject', { Bucket, Key, Expires: 60 }));
    assert.deepStrictEqual([signed.status, signed.body.toString()], [200, 'one']);

    // listings
    const listed = await call('listObjectsV2', { Delimiter: '/' });
    assert.deepStrictEqual(listed.CommonPrefixes.map(one => one.Prefix), ['folder/']);
    assert.deepStrictEqual(listed.Contents.map(one => one.Key), ['copy', 'empty']);
    const first = await call('listObjects', { MaxKeys: 1, EncodingType: 'url' });
    const rest = await call('listObjects', { Marker: first.Contents[0].Key });
    assert.deepStrictEqual([...first.Contents, ...rest.Contents].map(one => one.Key), ['copy', 'empty', Key]);

    // multipart
    const big = crypto.randomBytes((Number(process.env.SIZE_MIB) || 20) * 1048576);
    const upload = await s3.upload({ Bucket, Key: 'big', Body: big }, { partSize: 5242880, queueSize: 3 }).promise();
    assert(upload.ETag.includes('-'));
    assert((await call('getObject', { Key: 'big' })).Body.equals(big));
    const { UploadId } = await call('createMultipartUpload', { Key: 'parts' });
    const part = await call('uploadPartCopy', {
        Key: 'parts', UploadId, PartNumber: 1, CopySource: `${Bucket}/big`, CopySourceRange: 'bytes=0-9',
    });
    assert.strictEqual((await call('listParts', { Key: 'parts', UploadId })).Parts.length, 1);
    assert.strictEqual((await call('listMultipartUploads', {})).Uploads.length, 1);
    const Parts = [{ PartNumber: 1, ETag: part.CopyPartResult.ETag }];
    await call('completeMultipartUpload', { Key: 'parts', UploadId, MultipartUpload: { Parts } });
    assert((await call('getObject', { Key: 'parts' })).Body.equals(big.subarray(0, 10)));

    // versions
    await call('putBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } });
    const one = await call('putObject', { Key: 'v', Body: '1' });
    const two = await call('putObject', { Key: 'v', Body: '22' });
    assert(one.VersionId && two.VersionId && one.VersionId !== two.VersionId);
    assert.strictEqual((await call('getObject', { Key: 'v', VersionId: one.VersionId })).Body.toString(), '1');
    const marker = await call('deleteObject', { Key: 'v' });
    assert.strictEqual(marker.DeleteMarker, true);
    assert.strictEqual(await code(call('getObject', { Key: 'v' })), 'NoSuchKey');
    const versions = await call('listObjectVersions', {});
    assert.deepStrictEqual([versions.Versions.length, versions.DeleteMarkers.length], [7, 1]);

    // the end
    const Objects = [...versions.Versions, ...versions.DeleteMarkers].map(each => ({ Key: each.Key, VersionId: each.VersionId }));
    assert.deepStrictEqual((await call('deleteObjects', { Delete: { Objects } })).Errors, []);
    await call('deleteBucket');
}

(async () => {
    for (const signatureVersion of ['v4', 'v2']) {
        console.log(`== signature ${signatureVersion}`);
        await run(signatureVersion);
    }
    console.log('done');
})().catch(error => {
    console.error(error);
    process.exit(1);
});
