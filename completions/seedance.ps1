# Tab completion of seedance in PowerShell:
# seedance --show-completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName seedance -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    $Env:_SEEDANCE_LINE = $line.PadRight($length).Substring(0, $length)
    $Env:_SEEDANCE_COMPLETE = "complete_bash"
    $quoting = [System.Management.Automation.Language.CodeGeneration]
    $option = if ("$wordToComplete" -match '^--[^=]*=') { $Matches[0] } else { '' }
    try {
        seedance 2>$null | Where-Object { $_ } | ForEach-Object {
            # Inserted as it is: whatever may mean something to PowerShell is quoted.
            $text = $_
            if ($_ -cnotmatch '^[A-Za-z0-9._/:-]+$') {
                $text = "'" + $quoting::EscapeSingleQuotedStringContent($_) + "'"
            }
            [System.Management.Automation.CompletionResult]::new(
                "$option$text", $_, "ParameterValue", $_)
        }
    } finally {
        Remove-Item Env:_SEEDANCE_LINE, Env:_SEEDANCE_COMPLETE
    }
}
