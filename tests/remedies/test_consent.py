"""Doctor knows a zone of another account, and what its owner can do."""

import json

from flow.test_consent import hub  # noqa: F401

from .rows import Shell, ways_of


def test_doctor_names_zone_owner_and_parameter_and_is_content_once_that_is_set(hub):  # noqa: F811
    guest, shell = hub.guest.endpoint(), Shell(hub)
    hub.local.settled()

    def record():
        said = json.loads(shell.run(f"zonelink doctor {guest.id} --output json", hub.provider.account))
        return next(one for one in said["endpoints"][0]["checks"] if one["check"] == "record")

    found = record()
    assert found["verdict"] == "fail"
    for words in (hub.zone.id, "ZoneOwnerConsent", f"account {hub.owner.account} owns the zone"):
        assert words in found["evidence"], found
    assert f"ServesVpcsOf={hub.a.account}" in found["remedy"]
    [way] = ways_of(found["remedy"])
    assert way.account == hub.owner.account
    shell.follow(way)
    hub.provider.sweep()
    assert record()["verdict"] == "ok"
