using System.CommandLine;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator completion SHELL</c>, and the verb that its scripts call.</summary>
internal static class CompletionVerb
{
    private const string Bash = """
        # bash completion of visma-operator. In ~/.bashrc: source <(visma-operator completion bash)
        _visma_operator() {
            local word
            COMPREPLY=()
            while IFS='' read -r word; do
                COMPREPLY+=("$word")
            done < <("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
        }
        complete -o default -F _visma_operator visma-operator

        """;

    private const string Zsh = """
        #compdef visma-operator
        # zsh completion of visma-operator. In ~/.zshrc, behind compinit: source <(visma-operator completion zsh)
        _visma_operator() {
            local -a found
            found=("${(@f)$("${words[1]/#\~/$HOME}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            found=("${(@)found:#}")
            if (( $#found )); then
                compadd -- "${(@)found}"
            else
                _files
            fi
        }
        if [[ "$funcstack[1]" == _visma_operator ]]; then
            _visma_operator
        else
            compdef _visma_operator visma-operator
        fi

        """;

    private const string Fish = """
        # fish completion of visma-operator: visma-operator completion fish > ~/.config/fish/completions/visma-operator.fish
        function __visma_operator_complete
            set -l words (commandline -opc)
            $words[1] complete -- $words[2..] (commandline -ct | string collect --allow-empty) 2>/dev/null
        end
        complete -c visma-operator -f -a '(__visma_operator_complete)'
        for option in kubeconfig filename state out
            complete -c visma-operator -l $option -r -F
        end
        complete -c visma-operator -s f -r -F

        """;

    private const string PowerShell = """
        # PowerShell completion of visma-operator. In $PROFILE: visma-operator completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName visma-operator -ScriptBlock {
            param($word, $ast, $position)
            $words = @($ast.CommandElements | Select-Object -Skip 1 |
                Where-Object { $_.Extent.StartOffset -lt $position } | ForEach-Object { $_.ToString() })
            if ($word -eq '') { $words += '""' }
            & $ast.CommandElements[0].ToString() complete -- @words 2>$null |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;

    private const string Kubectl = """
        #!/bin/sh
        # Completion of "kubectl visma": make this executable, as kubectl_complete-visma on the PATH.
        exec kubectl-visma complete -- "$@"

        """;

    private static readonly Dictionary<string, string> scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
        ["powershell"] = PowerShell,
        ["kubectl"] = Kubectl,
    };

    /// <summary>The verb that prints a script.</summary>
    public static Command ToCommand(CommandContext process)
    {
        var shell = new Argument<string>("SHELL") { Description = $"One of: {string.Join(", ", scripts.Keys)}" };
        shell.CompletionSources.Add(scripts.Keys.ToArray());
        var command = new Command(
            "completion",
            "Prints a script that completes commands, options and names from the cluster. Its first lines say where it goes."
        );
        command.Arguments.Add(shell);
        command.SetAction(
            async (arguments, _) =>
            {
                var name = arguments.GetValue(shell)!;
                if (!scripts.TryGetValue(name, out var script))
                {
                    return await process.Refuse(
                        command.Name,
                        [new SettingProblem(shell.Name, $"'{name}' is not known", $"Write one of: {string.Join(", ", scripts.Keys)}.")]
                    );
                }

                await process.Output.WriteAsync(script);
                return ExitCode.Success;
            }
        );
        return command;
    }

    /// <summary>The verb that the scripts call, with the words of a command line. People need not see it.</summary>
    public static Command ToHiddenCommand(RootCommand root, CommandContext process)
    {
        var words = new Argument<string[]>("WORD") { Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("complete", "Prints what the last word may become.") { Hidden = true };
        command.Arguments.Add(words);
        command.SetAction(
            async (arguments, stop) =>
            {
                foreach (var candidate in await new Completions(root, process).OfAsync(arguments.GetValue(words) ?? [], stop))
                {
                    await process.Output.WriteAsync(candidate + "\n");
                }

                return ExitCode.Success;
            }
        );
        return command;
    }
}
