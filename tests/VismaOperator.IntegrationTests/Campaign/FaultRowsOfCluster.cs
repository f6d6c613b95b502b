namespace VismaOperator.FaultCampaign;

/// <summary>What is seen of causes that lie with the cluster, with the API or with the operator.</summary>
internal static class FaultRowsOfCluster
{
    public static IReadOnlyList<FaultRow> All { get; } =
    [
        new(12, "Foreign Secret", "A Secret of the name of the token Secret exists, and is somebody else's.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False SecretNotOwned", "Stalled=True SecretNotOwned"],
                Events = ["Warning SecretNotOwned"],
                Metrics = ["visma_operator_connection_problem"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Token Secret SecretNotOwned: Secret integrations/foreign-secret-token exists and does not belong "
                        + "to VismaConnection …",
                    "✗ Status SecretNotOwned",
                ],
            },
        },
        new(13, "Namespace not allowed", "A client in another namespace served the connection, and its owner withdraws that.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False ClientNotAvailable", "Stalled=True ClientNotAvailable"],
                Events = ["OAuthClient Warning SecretsRemoved", "Warning ClientNotAvailable"],
                Metrics = ["visma_operator_connection_problem"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Client ClientNotAvailable: OAuthClient platform/namespace-not-allowed does not allow namespace "
                        + "integrations. Add the …",
                    "✗ Status ClientNotAvailable",
                ],
            },
            Note = "A connection that never was allowed is Reconciling for a minute and then Stalled, as if the client did not exist.",
        },
        new(16, "Writes forbidden", "The operator's Role in the namespace does not let it create, update or delete Secrets.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False SecretForbidden", "Stalled=True SecretForbidden"],
                Events = ["Warning SecretForbidden", "Warning SecretNotWritten"],
                Metrics = ["visma_operator_connection_problem"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Token Secret SecretForbidden: The operator may not write Secret integrations/writes-forbidden-token: the API …",
                    "✗ Permissions PermissionMissing: Service account visma-system/visma-operator may not create secrets in namespace …",
                    "✗ Status SecretForbidden",
                ],
            },
            Note =
                "In the first 5 s a 403 counts as an outage of the API server (SecretNotWritten). In rows 16 to 18 "
                    + "`rest_client_requests_total` with the code of the answer (403, or 400) grows, too.",
        },
        new(17, "Quota used up", "A ResourceQuota of the namespace has no room for another Secret.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False SecretForbidden", "Stalled=True SecretForbidden"],
                Events = ["Warning SecretForbidden", "Warning SecretNotWritten"],
                Metrics = ["visma_operator_connection_problem"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Token Secret SecretForbidden: The operator may not write Secret integrations/quota-token: the API …",
                    "✗ Status SecretForbidden",
                ],
            },
            Note = "The message names the quota, and in row 18 the webhook; so does the line Token Secret of `doctor`.",
        },
        new(18, "Admission webhook denies", "A validating webhook denies every token Secret of the namespace.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False SecretForbidden", "Stalled=True SecretForbidden"],
                Events = ["Warning SecretForbidden", "Warning SecretNotWritten"],
                Metrics = ["visma_operator_connection_problem"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Token Secret SecretForbidden: The operator may not write Secret integrations/webhook-token: the API …",
                    "✗ Status SecretForbidden",
                ],
            },
            Note = "It denies without a code of its own, so the API server answers 400. One that cannot be called is SecretNotWritten.",
        },
        new(19, "Probe: 401", "`spec.tenantID` is the tenant id of the customer, not of the company.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenAccepted=False ApiUnauthorized"],
                Events = ["Warning ApiUnauthorized"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_probes_total{outcome=\"unauthorized\"}"],
                Alerts = ["VismaProbeFailing"],
                Doctor =
                [
                    "✗ API ApiUnauthorized: GET http://connect.visma.com/v1/dimension was answered with 401 (Authorization has been …",
                    "! Status ApiUnauthorized",
                ],
            },
            Note = "Without `spec.probe.enabled` the operator sees nothing of rows 19 to 22; `doctor --request` does.",
        },
        new(20, "Probe: 403", "The token has no scope that lets it read.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenAccepted=False ApiForbidden"],
                Events = ["Warning ApiForbidden"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_probes_total{outcome=\"forbidden\"}"],
                Alerts = ["VismaProbeFailing"],
                Doctor =
                [
                    "✗ API ApiForbidden: GET http://connect.visma.com/v1/dimension was answered with 403 (The scope is …",
                    "! Status ApiForbidden",
                ],
            },
        },
        new(21, "Probe: 429", "The company has no requests left at the API.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenAccepted=False ApiRateLimited"],
                Events = ["Warning ApiRateLimited"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_probes_total{outcome=\"rate_limited\"}"],
                Doctor =
                [
                    "! API ApiRateLimited: GET http://connect.visma.com/v1/dimension was answered with 429 (API calls quota …",
                    "! Status ApiRateLimited",
                ],
            },
            Why = new FaultSigns
            {
                Alerts = ["it says nothing about the token. VismaProbeFailing fires when it lasts for more than an hour"],
            },
        },
        new(22, "Wrong base URL", "`spec.baseURL` ends in `/erp/service`, which is part of an audience.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenAccepted=False ApiPathNotFound"],
                Events = ["Warning ApiPathNotFound"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_probes_total{outcome=\"not_found\"}"],
                Alerts = ["VismaProbeFailing"],
                Doctor =
                [
                    "✗ API ApiPathNotFound: GET http://connect.visma.com/erp/service/dimension was answered with 404: this API has …",
                    "! Status ApiPathNotFound",
                ],
            },
        },
        new(
            23,
            "Operator cut off from the API server",
            "Every connection of the only operator to the API server is broken. It ends when its Lease has run out, and is "
                + "started again."
        )
        {
            Signs = new FaultSigns
            {
                Metrics =
                [
                    "leader_election_master_status 0",
                    "rest_client_requests_total{code=\"<error>\"}",
                    "controller_cache_last_contact_timestamp_seconds 0",
                ],
                Alerts = ["VismaNamespaceNotServed", "VismaNoLeader", "VismaWatchStuck"],
                Doctor = ["✗ Operator OperatorNotReady: No Pod of the operator is ready (visma-system/visma-operator-5d4f): nothing …"],
            },
            Why = new FaultSigns
            {
                Conditions = ["the operator cannot write any. They stay as they were, and `status` calls the renewal overdue"],
                Events = ["the operator cannot write any"],
            },
            Note = "VismaNamespaceNotServed fires only with `--namespaces`. While the Pod restarts, VismaOperatorDown may fire.",
        },
        new(24, "Two operators", "Two installations, each with a leader of its own, serve the same namespace.")
        {
            Signs = new FaultSigns
            {
                Metrics = ["leader_election_master_status 1 (both)"],
                Alerts = ["VismaServedTwice"],
                Doctor =
                [
                    "! Operator SeveralOperators: 2 operators serve this namespace (other-system/visma-operator, "
                        + "visma-system/visma-operator): each renews …",
                ],
            },
            Why = new FaultSigns
            {
                Conditions = ["both write the same and come to rest with one good Secret"],
                Events = ["neither knows of the other"],
            },
            Note =
                "Two replicas of one installation are no fault: one leads, and the other one waits. Two that lead at once: "
                    + "VismaTwoLeaders.",
        },
    ];
}
