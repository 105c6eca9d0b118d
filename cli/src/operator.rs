//! The operators' role of an installation: who takes it on, and under which name.

/// The name of the session in which a caller takes on the role: the caller's own, so that the journal and CloudTrail tell
/// people apart. None when the caller has taken it on already.
///
/// STS takes 2 to 64 letters, digits and `=,.@_-`
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
pub(crate) fn session_name(role: &str, caller: &str) -> Option<String> {
    let role_name = role.rsplit('/').next().unwrap_or(role);
    let mut parts = caller.rsplit('/');
    let (own, taken_on) = (parts.next().unwrap_or_default(), parts.next());
    if caller.contains(":assumed-role/") && taken_on == Some(role_name) {
        return None;
    }
    // The root user's ARN has no path: `arn:aws:iam::111122223333:root`.
    let own = own.rsplit(':').next().unwrap_or(own);
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "=,.@_-".contains(*letter);
    let name: String = own.chars().filter(allowed).take(64).collect();
    Some(if name.len() < 2 { "zonelink".into() } else { name })
}

/// Whether STS has said no, as against not having answered.
pub(crate) fn is_refusal(reason: &str) -> bool {
    reason.contains("AccessDenied")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/zonelink-OperatorRole-AbC1";

    #[test]
    fn session_has_the_callers_own_name() {
        for (caller, name) in [
            ("arn:aws:iam::111122223333:user/ops/ada", "ada"),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Ops_1/ada@example.com",
                "ada@example.com",
            ),
            ("arn:aws:iam::111122223333:root", "root"),
            ("arn:aws:iam::111122223333:user/a", "zonelink"),
            ("arn:aws:sts::111122223333:federated-user/a:b c", "bc"),
        ] {
            assert_eq!(session_name(ROLE, caller).as_deref(), Some(name), "{caller}");
        }
        let long = format!("arn:aws:iam::111122223333:user/{}", "x".repeat(80));
        assert_eq!(session_name(ROLE, &long).map(|name| name.len()), Some(64));
    }

    #[test]
    fn operator_who_has_the_role_takes_it_on_no_second_time() {
        let caller = "arn:aws:sts::111122223333:assumed-role/zonelink-OperatorRole-AbC1/ada";
        assert_eq!(session_name(ROLE, caller), None);
        assert!(session_name("arn:aws:iam::111122223333:role/other", caller).is_some());
    }
}
