// The sentences of the scripts, in the user's language: the page hands them over on its body.

export const words = JSON.parse(document.body.dataset.words);
