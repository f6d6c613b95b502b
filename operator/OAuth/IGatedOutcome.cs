namespace OAuth;

/// <summary>What <see cref="IssuerGate"/> must know of the outcome of a request.</summary>
internal interface IGatedOutcome
{
    /// <summary>Whether the issuer gave no verdict; enough of these close the door. A refusal is a healthy server's answer.</summary>
    bool IsFailure { get; }

    /// <summary>How long a 429 asks to send nothing; null when the answer was no such thing.</summary>
    TimeSpan? Pause { get; }
}

/// <summary>An outcome that the gate can make itself.</summary>
internal interface IGatedOutcome<TSelf> : IGatedOutcome where TSelf : class, IGatedOutcome<TSelf>
{
    /// <summary>The outcome of a request that is not sent, because the door is closed for <paramref name="wait"/>.</summary>
    static abstract TSelf TurnedAway(string cause, TimeSpan? wait);
}
