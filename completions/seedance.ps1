# Tab completion of seedance in PowerShell:
# seedance --show-completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName seedance -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    $Env:_SEEDANCE_LINE = $line.PadRight($length).Substring(0, $length)
    $Env:_SEEDANCE_COMPLETE = "complete_bash"
    try {
        seedance 2>$null | Where-Object { $_ } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, "ParameterValue", $_)
        }
    } finally {
        Remove-Item Env:_SEEDANCE_LINE, Env:_SEEDANCE_COMPLETE
    }
}
