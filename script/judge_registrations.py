"""Compares Keystead's judgements of registrations with those of two other libraries (script/judge-registrations)."""

import collections
import json
import re
import sys

import fido2.server
import fido2.webauthn
import webauthn
from fido2.attestation import Attestation
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier

ALGORITHMS = [-8, -7, -257]


def ask_webauthn(case):
    webauthn.verify_registration_response(
        credential=case["credential"],
        expected_challenge=base64url_to_bytes(case["challenge"]),
        expected_rp_id=case["rp_id"],
        expected_origin=case["origin"],
        supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
    )


def ask_fido2(case):
    def verify(attestation_object, client_data_hash):
        kind = Attestation.for_type(attestation_object.fmt)
        kind().verify(attestation_object.att_stmt, attestation_object.auth_data, client_data_hash)

    relying_party = fido2.webauthn.PublicKeyCredentialRpEntity(id=case["rp_id"], name=case["rp_id"])
    server = fido2.server.Fido2Server(relying_party, attestation="direct", verify_attestation=verify)
    state = {"challenge": case["challenge"], "user_verification": None}
    data = server.register_complete(state, case["credential"])
    # This is left to the caller.
    if data.credential_data.public_key[3] not in ALGORITHMS:
        raise ValueError("The algorithm was not offered")

# What Keystead refuses and another library may accept: Keystead's words, and why.
STRICTER = {
    "rawId is not the ID that the authenticator attested": "the other libraries do not compare the two",
    "its key is of a kind that was not offered": "they do not check that the key is one of its algorithm, on its curve,"
    " of a usual size, and has no more members than its kind requires (section 6.5.1)",
    "attestationObject is not an attestation object": "they skip members, bytes and tags that do not belong there, and"
    " take keys that state a member twice",
    "authData must be attested credential data": "they skip bytes that the flags do not announce",
    "it is backed up but not eligible for it": "step 17, which fido2 leaves out",
    "its ID must have 1 to 1023 bytes": "step 25",
    "its attestation certificate does not fit its attestation format": "they check less of section 8.2.1, and fido2"
    " compares no key of an apple attestation",
    "its attestation contains no X.509 certificate": "they parse certificates as BER or less deeply",
    "framed by": "steps 10 and 11: Keystead expects no frames",
    r"The origin (?!https://example\.org )": "fido2 compares hosts, Keystead whole origins",
    "answers another challenge": "they decode base64 and skip what is none",
    "its attestation is of a kind that was not asked for": "formats that Keystead does not verify",
}
# What Keystead accepts and another library refuses: the library's words, and why.
LAXER = {
    "AAGUID .* was not expected": "FIDO's conformance tests want no AAGUID with fido-u2f, section 8.6 does not",
    r"could not be validated.* \(Apple\)": "Apple did not sign the specification's vector, and Keystead asks for no chain",
    r"Could not prepare leaf cert": "the same, of a certificate whose other content is spoiled",
    "error parsing asn1 value": "content of a certificate that no step looks at is spoiled",
}


def main(path):
    total = collections.Counter()
    explained = collections.Counter()
    strange = []
    for line in open(path):
        case = json.loads(line)
        ours = case["refused"]
        total["refused" if ours else "accepted"] += 1
        theirs = {}
        for name, ask in (("webauthn", ask_webauthn), ("fido2", ask_fido2)):
            try:
                ask(case)
                theirs[name] = None
            except Exception as refusal:  # whatever a library raises is its refusal
                theirs[name] = f"{type(refusal).__name__}: {refusal}"
        for name, refusal in theirs.items():
            if (ours is None) == (refusal is None):
                continue
            table, words = (LAXER, refusal) if ours is None else (STRICTER, ours)
            reason = next((reason for pattern, reason in table.items() if re.search(pattern, words)), None)
            if reason is None:
                strange.append((case["name"], ours, theirs))
            explained["accepted" if ours is None else "refused", name, reason] += 1
    print(f"Keystead accepts {total['accepted']} registrations and refuses {total['refused']}. Differences:")
    for (verdict, name, reason), count in sorted(explained.items(), key=str):
        print(f"{count:6}  {verdict}, unlike {name}: {reason}")
    for one in strange[:20]:
        print("UNEXPLAINED", *one, sep="\n    ")
    if total["accepted"] < 300 or total["refused"] < 3000:
        sys.exit("too few registrations were made")
    if strange:
        sys.exit(f"{len(strange)} differences are not explained")


main(sys.argv[1])
